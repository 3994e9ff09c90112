"""What all compiled functions share: the flat buffers, beliefs, arithmetic, random numbers, compilation."""
