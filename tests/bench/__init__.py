"""What Eventhub does on this machine: ``make bench``. Trust ratios within one run more than figures."""
