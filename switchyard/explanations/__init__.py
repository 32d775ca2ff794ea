"""Why a URL gets its score: contributions of what stands in it, in log-odds that add up exactly."""
