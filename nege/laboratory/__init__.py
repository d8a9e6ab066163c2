"""The claims of Tan & Xia (2022) as experiments: what is run, what came out, where it holds."""
