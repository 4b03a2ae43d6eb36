#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""engine.py SOCKET ENGINE WORD...: a PowerShell whose pipelines ask at SOCKET before they begin, and before their end is told.

One line of JSON for each, and on with it when a byte comes back, or when nobody answers any more."""
import base64
import json
import re
import socket
import subprocess
import sys
import threading

LINE = re.compile(rb"<Data [^>]*PSGuid='([^']*)'>([^<]*)</Data>")
COMMAND = re.compile(rb'<S N="Cmd">(?:[^<]*\\)?([A-Za-z]+-[A-Za-z]+)</S>')
HEADER = 21  # bytes of a fragment before its blob ([MS-PSRP] 2.2.4)
CREATE_PIPELINE, PIPELINE_STATE = 0x00021006, 0x00041006
LAST_STATES = (rb'<I32 N="PipelineState">3<', rb'<I32 N="PipelineState">4<', rb'<I32 N="PipelineState">5<')

commands = {}  # by pipeline


def messages(data):
    """(type, text) of the messages that begin in these fragments."""
    while len(data) >= HEADER:
        flags, n = data[16], int.from_bytes(data[17:21], "big")
        blob, data = data[HEADER:HEADER + n], data[HEADER + n:]
        if flags & 1:
            yield int.from_bytes(blob[4:8], "little"), blob


def events(line):
    for pipeline, data in LINE.findall(line):
        for kind, text in messages(base64.b64decode(data)):
            if kind == CREATE_PIPELINE and (found := COMMAND.search(text)):
                commands[pipeline] = found[1].decode(), text.decode("utf-8", "replace")
                yield "begins", *commands[pipeline]
            elif kind == PIPELINE_STATE and pipeline in commands and any(s in text for s in LAST_STATES):
                yield "ended", *commands.pop(pipeline)


def pump(source, sink, path):
    with socket.socket(socket.AF_UNIX) as asks:
        try:
            asks.connect(path)
        except OSError:
            pass  # the test is over
        for line in source:
            for what, command, text in events(line):
                try:
                    asks.sendall(json.dumps({"what": what, "command": command, "text": text}).encode() + b"\n")
                    asks.recv(1)
                except OSError:
                    pass
            try:
                sink.write(line)
                sink.flush()
            except OSError:
                break
    try:
        sink.close()
    except OSError:
        pass


with subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
    threading.Thread(target=pump, args=(sys.stdin.buffer, child.stdin, sys.argv[1]), daemon=True).start()
    pump(child.stdout, sys.stdout.buffer, sys.argv[1])
    status = child.wait()
sys.exit(status if status >= 0 else 1)
