// A step of a real cgroup, named by a stand-in for kubelet: lent to by what it is, and no longer when its pod says so.
#include <gtest/gtest.h>

#include "tests/agent/stand_in.hpp"
#include "tests/live/daemon_fixture.hpp"

namespace headroom::live {
namespace {

const std::string kUid = "3f1c2a90-7b5d-4e1f-9a62-0c8d7e6f5a4b";
const std::string kId(64, 'b');

std::string pod_list(const std::string& annotations, const std::string& status) {
  return R"({"items":[{"metadata":{"name":"wf-burn-1","namespace":"flows","uid":")" + kUid +
         R"(","labels":{"workflows.argoproj.io/workflow":"wf"},"annotations":{)" + annotations +
         R"(}},"spec":{"containers":[{"name":"main"}]},"status":{"qosClass":"Burstable","containerStatuses":[)" + status + "]}}]}";
}
const std::string kRunning = R"({"name":"main","containerID":"containerd://)" + kId + R"("})";

void prepare(const std::string& dir) {
  ASSERT_EQ(std::system(("cd " + dir + " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=n 2>log").c_str()), 0);
  StandIn::put(dir, "token", "");
  StandIn::put(dir, "mode", "ok");
  StandIn::put(dir, "pods.json", pod_list("", ""));
}

class NamesLive : public testing::Test {
 protected:
  NamesLive() : root_("names"), kube_(root_, "kubepods"), burstable_(kube_, "burstable"), pod_(burstable_, "pod" + kUid), main_(pod_, kId) {
    EXPECT_EQ(foreign_write(main_.file(CpuFile::quota), on_v2() ? "50000 100000" : "50000"), 0);
    before_ = read_line(main_.file(CpuFile::quota));
  }
  static bool can_stand_in() {
    return std::filesystem::exists(HEADROOM_SOURCE_DIR "/tests/support/stand_in_kubelet.py") && std::system("command -v python3 openssl >/dev/null") == 0;
  }
  std::string config(const StandIn& kubelet) const {
    return "version: 1\nlisten: 127.0.0.1:0\nnode: {steal: 100%}\nsources: {kubelet: {address: \"https://127.0.0.1:" + kubelet.get("port") + "\", pin: " + kubelet.dir() +
           "/cert.pem}, docker: off}\nclasses:\n  - name: step\n    match: [{engine: [argo]}]\n    borrow: {upTo: 2 cores, visibility: file}\n";
  }
  bool lent() const { return read_line(main_.file(CpuFile::quota)) != before_; }

  Directory dir_;
  ScratchGroup root_, kube_, burstable_, pod_, main_;
  std::string before_;
};

TEST_F(NamesLive, AStepBorrowsOnceItsPodIsKnownAndEndsWhenThePodOptsOut) {
  if (!can_stand_in()) GTEST_SKIP() << "no python3 or openssl here";
  StandIn kubelet("stand_in_kubelet.py", prepare);
  ASSERT_TRUE(eventually([&] { return !kubelet.get("port").empty(); }, milliseconds{20'000}));
  const Spinner burst(main_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  DaemonProcess daemon(dir_, root_.dir(), config(kubelet), {"--mode", "enforce"});
  EXPECT_TRUE(eventually([&] { return lent(); }, milliseconds{20'000})) << "by the pod's UID alone\n" << daemon.log();
  kubelet.put("pods.json", pod_list("", kRunning));
  EXPECT_TRUE(daemon.shows("/v1/groups", "\"name\":\"flows/wf-burn-1/main\"", milliseconds{60'000})) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/explain?group=flows/wf-burn-1/main", "argo: workflow wf")) << daemon.get("/v1/explain?group=flows/wf-burn-1/main");
  EXPECT_TRUE(lent()) << "a name takes nothing away\n" << daemon.log() << daemon.get("/v1/groups");
  kubelet.put("pods.json", pod_list(R"("headroom.io/opt-out":"true")", kRunning));
  const ScratchGroup stranger(pod_, std::string(64, 'c'));   // somebody new: kubelet is asked at once
  EXPECT_TRUE(eventually([&] { return !lent(); }, milliseconds{60'000})) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/status", "\"name\":\"kubelet\",\"reconnects\":0,\"trouble\":\"\",\"up\":true")) << daemon.get("/v1/status");
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
}

/// kubelet lowers a container and then its pod, once (KERNEL 19). On v1 the pod's write is refused while a sibling's lease is out.
TEST_F(NamesLive, AResizeThatALeaseMadeFailIsPutRight) {
  if (!can_stand_in()) GTEST_SKIP() << "no python3 or openssl here";
  const auto pods = [](int aide_milli) {
    const std::string aide_id(64, 'd');
    const auto limit = [](int milli) { return R"("resources":{"limits":{"cpu":")" + std::to_string(milli) + R"(m"}})"; };
    return R"({"items":[{"metadata":{"name":"wf-burn-1","namespace":"flows","uid":")" + kUid +
           R"(","labels":{"workflows.argoproj.io/workflow":"wf"}},"spec":{"containers":[{"name":"main",)" + limit(500) +
           R"(},{"name":"aide",)" + limit(aide_milli) + R"(}]},"status":{"qosClass":"Burstable","containerStatuses":[)" + kRunning +
           R"(,{"name":"aide","containerID":"containerd://)" + aide_id + R"("}]}}]})";
  };
  const auto quota = [](int us) { return std::to_string(us) + (on_v2() ? " 100000" : ""); };
  const ScratchGroup aide(pod_, std::string(64, 'd'));
  ASSERT_EQ(foreign_write(pod_.file(CpuFile::quota), quota(90'000)), 0);
  ASSERT_EQ(foreign_write(aide.file(CpuFile::quota), quota(40'000)), 0);
  StandIn kubelet("stand_in_kubelet.py", prepare);
  kubelet.put("pods.json", pods(400));
  ASSERT_TRUE(eventually([&] { return !kubelet.get("port").empty(); }, milliseconds{20'000}));
  DaemonProcess daemon(dir_, root_.dir(), config(kubelet), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/groups", "\"name\":\"flows/wf-burn-1/main\"", milliseconds{60'000})) << daemon.log();
  {
    const Spinner burst(main_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
    ASSERT_TRUE(eventually([&] { return lent(); }, milliseconds{20'000})) << daemon.log();
    kubelet.put("pods.json", pods(100));
    daemon.signal(SIGSTOP);   // for an instant: else it may be fast enough to be out of the way
    EXPECT_EQ(foreign_write(aide.file(CpuFile::quota), quota(10'000)), 0);
    EXPECT_EQ(foreign_write(pod_.file(CpuFile::quota), quota(60'000)), on_v2() ? 0 : EINVAL);
    daemon.signal(SIGCONT);
  }
  EXPECT_TRUE(eventually([&] { return read_line(pod_.file(CpuFile::quota)) == quota(60'000); }, milliseconds{20'000}))
      << read_line(pod_.file(CpuFile::quota)) << "\n" << daemon.log();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  EXPECT_EQ(read_line(pod_.file(CpuFile::quota)), quota(60'000));
  EXPECT_EQ(read_line(main_.file(CpuFile::quota)), before_);
  EXPECT_EQ(read_line(aide.file(CpuFile::quota)), quota(10'000));
}

/// Koordinator's own ConfigMap and annotations, unchanged: 1.2x a second up to each pod's own ceiling, and no other value.
TEST_F(NamesLive, KoordinatorsFilesDriveRealQuotasAsKoordletDoes) {
  if (!can_stand_in()) GTEST_SKIP() << "no python3 or openssl here";
  struct OnePod {
    std::string uid, annotation;
    std::vector<int> quotas;   ///< us, in this order
  };
  const std::vector<OnePod> all{{"10000000-0000-4000-8000-000000000001", "", {10'000, 12'000, 14'400, 17'280, 20'000}},
                                {"10000000-0000-4000-8000-000000000002", R"({\"cfsQuotaBurstPercent\":130})", {10'000, 12'000, 13'000}},
                                {"10000000-0000-4000-8000-000000000003", R"({\"policy\":\"none\"})", {10'000}}};
  const std::string id(64, 'e');
  const auto text = [](int quota) { return std::to_string(quota) + (on_v2() ? " 100000" : ""); };
  std::string items;
  std::vector<std::unique_ptr<ScratchGroup>> pods, steps;
  std::vector<std::unique_ptr<Spinner>> bursts;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string own = id;
    own[0] = static_cast<char>('0' + i);
    pods.push_back(std::make_unique<ScratchGroup>(burstable_, "pod" + all[i].uid));
    steps.push_back(std::make_unique<ScratchGroup>(*pods[i], own));
    for (const auto& group : {pods[i].get(), steps[i].get()}) ASSERT_EQ(foreign_write(group->file(CpuFile::quota), text(10'000)), 0);
    const std::string annotations = all[i].annotation.empty() ? "" : R"("koordinator.sh/cpuBurst":")" + all[i].annotation + "\"";
    items += (i == 0 ? "" : ",") + (R"({"metadata":{"name":"p)" + std::to_string(i)) + R"(","namespace":"shop","uid":")" + all[i].uid +
             R"(","annotations":{)" + annotations + R"(}},"spec":{"containers":[{"name":"main"}]},"status":{"qosClass":"Burstable","containerStatuses":[)" +
             R"({"name":"main","containerID":"containerd://)" + own + R"("}]}})";
  }
  StandIn kubelet("stand_in_kubelet.py", prepare);
  kubelet.put("pods.json", R"({"items":[)" + items + "]}");
  ASSERT_TRUE(eventually([&] { return !kubelet.get("port").empty(); }, milliseconds{20'000}));
  kubelet.put("cpu-burst-config", R"({"clusterStrategy":{"policy":"auto","cpuBurstPercent":100,"cfsQuotaBurstPercent":200,"sharePoolThresholdPercent":100}})");
  DaemonProcess daemon(dir_, root_.dir(), config(kubelet) + "policy: koordinator\nannotations: {koordinator.sh/cpuBurst: accept}\n",
                       {"--mode", "enforce", "--koordinator-config", kubelet.dir() + "/cpu-burst-config"});
  ASSERT_TRUE(daemon.shows("/v1/groups", "\"name\":\"shop/p2/main\"", milliseconds{60'000})) << daemon.log();
  for (const auto& step : steps) bursts.push_back(std::make_unique<Spinner>(*step, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}}));
  std::vector<std::vector<std::string>> seen(all.size());
  EXPECT_TRUE(eventually([&] {
    for (std::size_t i = 0; i < all.size(); ++i)
      if (const auto now = read_line(steps[i]->file(CpuFile::quota)); seen[i].empty() || seen[i].back() != now) seen[i].push_back(now);
    return seen[0].back() == text(20'000) && seen[1].back() == text(13'000);
  }, milliseconds{40'000})) << daemon.log() << daemon.get("/v1/groups");
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<std::string> wanted;
    for (const int quota : all[i].quotas) wanted.push_back(text(quota));
    EXPECT_EQ(seen[i], wanted) << "pod " << i;
  }
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  for (const auto& step : steps) EXPECT_EQ(read_line(step->file(CpuFile::quota)), text(10'000));
}

TEST_F(NamesLive, AKubeletThatIsNotThereStopsNothingAndIsNamed) {
  const Spinner burst(main_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  const std::string text = "version: 1\nlisten: 127.0.0.1:0\nnode: {steal: 100%}\nsources: {kubelet: {address: \"https://127.0.0.1:1\"}, docker: off}\nclasses:\n"
                           "  - {name: step, match: [{path: \"kubepods/**\"}], borrow: {upTo: 2 cores, visibility: file}}\n";
  DaemonProcess daemon(dir_, root_.dir(), text, {"--mode", "enforce"});
  EXPECT_TRUE(eventually([&] { return lent(); }, milliseconds{20'000})) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/status", "\"name\":\"kubelet\"")) << daemon.get("/v1/status");
  EXPECT_TRUE(daemon.shows("/v1/status", "onnect")) << "why not\n" << daemon.get("/v1/status");
}

}  // namespace
}  // namespace headroom::live
