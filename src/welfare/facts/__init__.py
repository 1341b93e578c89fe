"""What can be known about a person or household: names, types, domains, questions, and the values themselves."""

from welfare.facts.fact import Fact, Text, decode_date, encode_date
from welfare.facts.household import EncodedHousehold, Household

__all__ = ["EncodedHousehold", "Fact", "Household", "Text", "decode_date", "encode_date"]
