"""The core-periphery family: one mobile factor, one industry."""
