"""Discord on loopback: REST, gateway, interactions and what people do. See `server`."""
