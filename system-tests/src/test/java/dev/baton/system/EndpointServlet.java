package dev.baton.system;

import dev.baton.testkit.Load;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Answers with the path and the generation; {@code /slow} when the file that its query names is there. */
final class EndpointServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final int generation;

    EndpointServlet(int generation) {
        this.generation = generation;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getRequestURI();
        if (path.equals("/slow")) {
            System.out.println(generation + " handles " + path);
            Endpoints.awaitFile(Path.of(request.getQueryString()));
        }
        byte[] body = path.getBytes(StandardCharsets.UTF_8);
        response.setHeader(Load.GENERATION_HEADER, String.valueOf(generation));
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
