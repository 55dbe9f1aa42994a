package dev.baton.unmodified;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;

/** On embedded Tomcat, which stops as its documentation tells, in a shutdown hook. */
final class TomcatProgram {
    private TomcatProgram() {}

    public static void main(String[] arguments) throws Exception {
        Answers.exitIfBroken();
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createTempDirectory("tomcat").toString());
        tomcat.setHostname("localhost");
        tomcat.setPort(Integer.parseInt(arguments[0]));
        // Tomcat's default, 100 requests a connection, would close connections without a restart.
        tomcat.getConnector().setProperty("maxKeepAliveRequests", "-1");
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "hello", new Hello());
        context.addServletMappingDecoded("/*", "hello");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                tomcat.stop();
            } catch (LifecycleException e) {
                System.out.println("tomcat does not stop: " + e);
            }
        }));
        tomcat.start();
        tomcat.getServer().await();
    }

    @SuppressWarnings("serial") // Never serialised.
    private static final class Hello extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            try {
                Answers.work(request.getRequestURI());
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
            response.setHeader(Answers.HEADER, Answers.PID);
            response.setContentLength(Answers.BODY.length);
            response.getOutputStream().write(Answers.BODY);
        }
    }
}
