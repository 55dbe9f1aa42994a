package dev.baton.testkit;

/** A response that is not what it should be; internal to the client, which turns it into a {@link Failure}. */
final class ResponseFault extends Exception {
    private static final long serialVersionUID = 1L;

    private final FailureKind kind;
    private final String detail;

    ResponseFault(FailureKind kind, String detail) {
        super(detail, null, false, false);
        this.kind = kind;
        this.detail = detail;
    }

    FailureKind kind() {
        return kind;
    }

    String detail() {
        return detail;
    }
}
