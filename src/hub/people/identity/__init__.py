"""Identity numbers of residents: kept encrypted, shown masked, looked up blind, unmasked on a legal ground only."""
