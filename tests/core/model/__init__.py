"""Tests of models and budgets."""
