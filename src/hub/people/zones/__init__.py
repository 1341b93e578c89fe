"""Zones: what lies in which part of a dong, and which household lies in which zone."""
