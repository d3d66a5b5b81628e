"""The live detectors over what was recorded, without looking ahead."""
