"""python -m nege: files of economies, runs, reports and figures."""
