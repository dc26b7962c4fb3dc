"""The contract as the checks see it: operations, what they are for, and the English words that tell."""
