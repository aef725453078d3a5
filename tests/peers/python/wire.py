"""The component protocol for Python programs of the tests: messages and services from a descriptor set.

FLOWCTL_DESCRIPTORS names the descriptor set that `buf build` writes from the project's .proto files.
"""

import os
import signal
import sys
import threading
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

LIMIT_BYTES = 64 * 1024 * 1024

pool = descriptor_pool.DescriptorPool()
with open(os.environ["FLOWCTL_DESCRIPTORS"], "rb") as file:
    for each in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(each)


def message(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


if "PID_FILE" in os.environ:
    with open(os.environ["PID_FILE"], "w") as file:
        file.write(str(os.getpid()))

Event = message("flowctl.v1.Event")
RawLedger = message("stellar.v1.RawLedger")


def serve(service, implementation, workers=8):
    """Serves `implementation` (a method per call, in the names of the .proto) on $PORT until SIGTERM."""
    descriptor = pool.FindServiceByName(service)
    handlers = {}
    for method in descriptor.methods:
        behaviour = getattr(implementation, method.name, None)
        if behaviour is None:
            continue
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        kind = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[(method.client_streaming, method.server_streaming)]
        handlers[method.name] = kind(
            behaviour, request.FromString, response.SerializeToString
        )
    server = grpc.server(
        futures.ThreadPoolExecutor(workers),
        options=[
            ("grpc.max_receive_message_length", LIMIT_BYTES),
            ("grpc.max_send_message_length", LIMIT_BYTES),
        ],
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, handlers),)
    )
    port = os.environ["PORT"].rpartition(":")[2]
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print(f"serving {service} on {port}", file=sys.stderr, flush=True)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()
    server.stop(1).wait()


def slow():
    """The pause per event that a test asks for."""
    time.sleep(int(os.environ.get("SLOW_MS", "0")) / 1000)


def info(kind, inputs=(), outputs=()):
    return message("flowctl.v1.ComponentInfo")(
        id=os.environ.get("FLOWCTL_COMPONENT_ID", ""),
        name="python-test",
        type=kind,
        input_event_types=inputs,
        output_event_types=outputs,
    )


def healthy():
    return message("flowctl.v1.HealthCheckResponse")(status=2)
