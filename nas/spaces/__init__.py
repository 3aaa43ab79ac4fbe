"""What may be searched: space files, the decisions they leave open, and the candidates that come of them."""
