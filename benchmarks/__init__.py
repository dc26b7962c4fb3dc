"""Figures side by side in one run; ratios count, absolute times are the machine's."""
