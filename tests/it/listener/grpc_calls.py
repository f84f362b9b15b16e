"""A gRPC application and a client of it, by gRPC's own library: `serve PORT`, and `call PORT TOKEN`."""

import sys
from concurrent import futures

import grpc


def unary(message, context):
    context.set_trailing_metadata((("seen-subject", dict(context.invocation_metadata()).get("x-auth-subject", "")),))
    return message.upper()


def fail(_, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")


def count(message, _):
    for number in range(int(message)):
        yield str(number).encode()


def gather(messages, _):
    return b",".join(messages)


def echo(messages, _):
    yield from messages


def serve(port):
    methods = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Gather": grpc.stream_unary_rpc_method_handler(gather),
        "Echo": grpc.stream_stream_rpc_method_handler(echo),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("api.Calls", methods),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


def call(port, token):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    options = {"metadata": (("authorization", f"Bearer {token}"), ("x-auth-subject", "mallory")), "timeout": 20}

    answer, done = channel.unary_unary("/api.Calls/Unary").with_call(b"hello", **options)
    assert (answer, dict(done.trailing_metadata())["seen-subject"]) == (b"HELLO", "alice"), done.trailing_metadata()
    big = b"x" * 3_000_000
    assert channel.unary_unary("/api.Calls/Unary")(big, **options) == big.upper()
    assert list(channel.unary_stream("/api.Calls/Count")(b"1000", **options)) == [str(n).encode() for n in range(1000)]
    assert channel.stream_unary("/api.Calls/Gather")(iter([b"a", b"b", b"c"]), **options) == b"a,b,c"
    assert list(channel.stream_stream("/api.Calls/Echo")(iter([b"a", b"b"]), **options)) == [b"a", b"b"]
    assert refusal(channel, "/api.Calls/Fail", options) == (grpc.StatusCode.FAILED_PRECONDITION, "not today")
    assert refusal(channel, "/api.Calls/None", options)[0] == grpc.StatusCode.UNIMPLEMENTED
    assert refusal(channel, "/api.Calls/Unary", {"timeout": 20})[0] == grpc.StatusCode.UNAUTHENTICATED
    many = [channel.unary_unary("/api.Calls/Unary").future(str(n).encode(), **options) for n in range(300)]
    assert [call.result() for call in many] == [str(n).encode() for n in range(300)]


def refusal(channel, method, options):
    try:
        channel.unary_unary(method)(b"x", **options)
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("it was let through")


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
