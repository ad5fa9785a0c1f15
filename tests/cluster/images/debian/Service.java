import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import java.util.concurrent.Executors;

/** A small service: each call sorts some words, half a millisecond or so once it is compiled. */
public final class Service {
  private static String answer() {
    TreeMap<String, Integer> words = new TreeMap<>();
    for (int i = 0; i < 600; i++) words.merge(Integer.toString(i * 31 % 503, 36), 1, Integer::sum);
    return words.firstKey() + " " + words.size() + "\n";
  }

  public static void main(String[] args) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 256);
    server.createContext("/", call -> {
      byte[] body = answer().getBytes(StandardCharsets.UTF_8);
      call.sendResponseHeaders(200, body.length);
      call.getResponseBody().write(body);
      call.close();
    });
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.start();
  }
}
