"""Pages of the web for jobs, from the hosts that the operator names. Nothing else here goes out."""
