import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinPool;

/** Starts as services do: loads classes, fills maps, compiles what is hot. Says what the JVM chose by the limit it read. */
public final class Startup {
  private static long work(int rounds) {
    long sum = 0;
    for (int r = 0; r < rounds; r++) {
      Map<String, Integer> words = new TreeMap<>();
      for (int i = 0; i < 20_000; i++) words.merge(Integer.toString(i * 31 % 5_003, 36), 1, Integer::sum);
      for (Map.Entry<String, Integer> e : words.entrySet()) sum += e.getKey().hashCode() ^ e.getValue();
    }
    return sum;
  }

  public static void main(String[] args) {
    HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    StringBuilder collectors = new StringBuilder();
    for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
      collectors.append(collectors.length() > 0 ? "+" : "").append(gc.getName().replace(' ', '-'));
    }
    System.out.println("collector " + collectors);
    for (String flag : new String[] {"ParallelGCThreads", "ConcGCThreads", "CICompilerCount", "MaxHeapSize"}) {
      System.out.println(flag + " " + vm.getVMOption(flag).getValue());
    }
    System.out.println("processors " + Runtime.getRuntime().availableProcessors());
    System.out.println("commonPool " + ForkJoinPool.commonPool().getParallelism());
    if (work(80) == 42) System.out.println("unlikely");
    System.out.println("ready " + System.currentTimeMillis());
    System.out.println("done");
  }
}
