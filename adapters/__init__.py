"""The platforms: each package here translates one platform to the core's messages; none decides."""
