"""Many economies: designs, units of work, who does them, and stores on disk."""
