"""Tests of `welfare.facts` and `welfare.rules`."""
