"""Long runs against the integration: fuzz, flood and soak."""
