"""What Eventhub does on this machine: ``make bench``. Trust the ratios within one run more than any figure."""
