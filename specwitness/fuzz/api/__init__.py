"""The contract as the checks see it: operations, their purpose, and the English words that show it."""
