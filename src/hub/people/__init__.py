"""Residents, their households, and what is recorded about them, with source and date."""
