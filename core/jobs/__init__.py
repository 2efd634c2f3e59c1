"""Background work as data: registry, admission, fairness, outcomes. Runs nothing itself."""
