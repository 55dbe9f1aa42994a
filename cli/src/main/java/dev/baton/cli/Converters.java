package dev.baton.cli;

import dev.baton.Durations;
import dev.baton.ListenAddress;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How values on the command line are read: by the same code as those from properties and the environment. */
final class Converters {
    private Converters() {}

    /** {@code 500ms}, {@code 30s}, {@code 2m}. */
    static final class OfDuration implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Durations.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** {@code HOST:PORT} or {@code unix:PATH}. */
    static final class OfListenAddress implements ITypeConverter<ListenAddress> {
        @Override
        public ListenAddress convert(String text) {
            try {
                ListenAddress address = ListenAddress.parse(text);
                if (address instanceof ListenAddress.Udp) {
                    throw new TypeConversionException(
                            "'" + text + "' is an address of UDP, and files are served over TCP;"
                                    + " write HOST:PORT or unix:PATH");
                }
                return address;
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
