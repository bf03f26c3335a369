"""Lets the client be imported without the integration around it, and so without Home Assistant.

The client knows nothing of Home Assistant, but its package stands inside the integration's. Import this first.
"""

import sys
from pathlib import Path
from types import ModuleType

INTEGRATION = "custom_components.pusher_channels"

package = ModuleType(INTEGRATION)
package.__path__ = [str(Path(__file__).parents[3] / INTEGRATION.replace(".", "/"))]
sys.modules[INTEGRATION] = package
