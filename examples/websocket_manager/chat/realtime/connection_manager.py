"""Compatibility: whoever imports this module receives the canonical module object instead."""

import sys

from chat.realtime import websocket_manager

sys.modules[__name__] = websocket_manager
