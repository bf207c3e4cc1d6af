"""Bots: guests that answer by themselves."""
