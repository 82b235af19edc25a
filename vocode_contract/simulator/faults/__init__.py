"""The ways in which the simulator can be told to disobey, so that a test shows it is noticed."""

from vocode_contract.simulator.faults.claims import CLAIMS, Claim
from vocode_contract.simulator.faults.fault import Fault
from vocode_contract.simulator.faults.planting import HEADER, Planted
from vocode_contract.simulator.faults.table import FAULTS, GROUPS

__all__ = ["CLAIMS", "FAULTS", "GROUPS", "HEADER", "Claim", "Fault", "Planted"]
