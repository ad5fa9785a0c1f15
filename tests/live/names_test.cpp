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
    return "version: 1\nlisten: 127.0.0.1:0\nsources: {kubelet: {address: \"https://127.0.0.1:" + kubelet.get("port") + "\", pin: " + kubelet.dir() +
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

TEST_F(NamesLive, AKubeletThatIsNotThereStopsNothingAndIsNamed) {
  const Spinner burst(main_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  const std::string text = "version: 1\nlisten: 127.0.0.1:0\nsources: {kubelet: {address: \"https://127.0.0.1:1\"}, docker: off}\nclasses:\n"
                           "  - {name: step, match: [{path: \"kubepods/**\"}], borrow: {upTo: 2 cores, visibility: file}}\n";
  DaemonProcess daemon(dir_, root_.dir(), text, {"--mode", "enforce"});
  EXPECT_TRUE(eventually([&] { return lent(); }, milliseconds{20'000})) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/status", "\"name\":\"kubelet\"")) << daemon.get("/v1/status");
  EXPECT_TRUE(daemon.shows("/v1/status", "onnect")) << "why not\n" << daemon.get("/v1/status");
}

}  // namespace
}  // namespace headroom::live
