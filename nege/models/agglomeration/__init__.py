"""nege's own model: industries in places, online, or both."""
