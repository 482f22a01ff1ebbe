"""What an event is and which rules pick it: pure Python, no Django, clock, network or randomness.

Time, dice and addresses come in as arguments. Beside the standard library only msgspec (JSON) and
cryptography (signing) may be imported here.
"""
