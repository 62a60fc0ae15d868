"""zanjir: write, see, check, explain and train neural networks."""
