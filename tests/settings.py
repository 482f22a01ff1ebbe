"""Settings of a test run: the product's own, with its data in a directory that lives as long as the run."""

import atexit
import os
import shutil
import tempfile

# What the developer's shell holds is not the tests' business.
for _name in [name for name in os.environ if name.startswith("EVENTHUB_")]:
    del os.environ[_name]
os.environ["EVENTHUB_DATA_DIR"] = tempfile.mkdtemp(prefix="eventhub-test-")
atexit.register(shutil.rmtree, os.environ["EVENTHUB_DATA_DIR"], ignore_errors=True)

from eventhub.settings import *  # noqa: E402, F403 - after the environment is set
