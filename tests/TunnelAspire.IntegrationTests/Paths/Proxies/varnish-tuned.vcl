# As varnish.vcl, and lanes pass, as docs/paths.md recommends: both directions of that request go on side by side.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "{server}";
}

sub vcl_recv {
    if (req.url ~ "^/v1/lanes") {
        return (pipe);
    }
}
