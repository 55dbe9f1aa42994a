/** A servlet in embedded Tomcat that restarts without its clients noticing. */
module dev.baton.examples.tomcat {
    requires static org.jspecify;
    requires dev.baton.tomcat;
}
