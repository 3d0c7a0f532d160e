"""Make and check the price table of `shared.pricing` from the package genai-prices."""
