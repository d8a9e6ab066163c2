"""Vertical linkages: input-output linkages between the firms of one industry."""
