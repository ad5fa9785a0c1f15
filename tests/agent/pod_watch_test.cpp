// Kubelet, in every way in which it does not answer: what it has said stays known, and it is asked again.
#include "agent/sources/pod_watch.hpp"

#include "agent/clock.hpp"
#include "agent/sources/name_service.hpp"
#include "tests/agent/stand_in.hpp"

namespace headroom {
namespace {

const std::string kUid = "3f1c2a90-7b5d-4e1f-9a62-0c8d7e6f5a4b";
const std::string kId(64, 'b');

std::string pod_list(const std::string& more = "") {
  return R"({"items":[{"metadata":{"name":"wf-burn-1","namespace":"flows","uid":")" + kUid +
         R"(","labels":{"workflows.argoproj.io/workflow":"wf"}},"spec":{"containers":[{"name":"main"}]},"status":{"containerStatuses":[{"name":"main","containerID":"containerd://)" +
         kId + R"("}]}})" + more + "]}";
}

void prepare(const std::string& dir) {
  const std::string command = "cd " + dir + " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=node-1 2>openssl.log";
  ASSERT_EQ(std::system(command.c_str()), 0) << "openssl is wanted";
  StandIn::put(dir, "token", "secret\n");
  StandIn::put(dir, "mode", "ok");
  StandIn::put(dir, "pods.json", pod_list());
}

class PodWatchTest : public testing::Test {
 protected:
  PodWatchTest() : kubelet_("stand_in_kubelet.py", prepare), log_(LogLevel::error, LogFormat::text) {
    EXPECT_TRUE(eventually([&] { return !kubelet_.get("port").empty(); }));
    target_.url = "https://127.0.0.1:" + kubelet_.get("port");
    target_.pin = kubelet_.dir() + "/cert.pem";
    target_.token_file = kubelet_.dir() + "/token";
  }

  void start() {
    auto client = HttpClient::create(target_);
    ASSERT_TRUE(client) << client.error().detail;
    watch_ = std::make_unique<PodWatch>(std::move(*client), target_.url, board_, log_);
  }
  void mode(const std::string& word) {
    kubelet_.put("mode", word);
    Identity stranger;
    stranger.pod_uid = kUid;
    stranger.container_id = std::to_string(++strangers_);
    watch_->strangers({stranger});
  }
  SourceView view() const {
    const auto all = board_.sources();
    return all.empty() ? SourceView{} : all.front();
  }
  bool knows(const std::string& uid = kUid) {
    NameUpdate update = board_.take();
    if (update.world.pods) world_ = update.world;
    return world_.pods && world_.pods->find(uid, "").pod != nullptr;
  }

  StandIn kubelet_;
  HttpTarget target_;
  Log log_;
  NameBoard board_;
  KnownWorld world_;
  std::unique_ptr<PodWatch> watch_;
  int strangers_ = 0;
};

TEST_F(PodWatchTest, APodIsKnownByUidAndItsContainerById) {
  start();
  ASSERT_TRUE(eventually([&] { return knows(); }));
  const Known known = world_.pods->find(kUid, kId);
  ASSERT_NE(known.container, nullptr);
  EXPECT_EQ(known.container->name, "main");
  EXPECT_EQ(known.what->step.engine, "argo");
  EXPECT_TRUE(view().up);
}

TEST_F(PodWatchTest, AStrangerIsNamedWhenItIsListed) {
  start();
  ASSERT_TRUE(eventually([&] { return knows(); }));
  kubelet_.put("pods.json", pod_list(R"(,{"metadata":{"name":"b","uid":"u2"}})"));
  mode("ok");
  EXPECT_TRUE(eventually([&] { return knows("u2"); }));
}

class PodWatchTrouble : public PodWatchTest, public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(PodWatchTrouble, LosesNothingAndIsToldAndEnds) {
  const auto& [word, trouble] = GetParam();
  start();
  ASSERT_TRUE(eventually([&] { return knows(); }));
  mode(word);
  ASSERT_TRUE(eventually([&] { return !view().up; }));
  EXPECT_NE(view().trouble.find(trouble), std::string::npos) << view().trouble;
  EXPECT_TRUE(knows()) << "what it has said stays known";
  mode("ok");
  EXPECT_TRUE(eventually([&] { return view().up; }));
  EXPECT_EQ(view().reconnects, 1U);
}

INSTANTIATE_TEST_SUITE_P(Kubelet, PodWatchTrouble,
                         testing::Values(std::pair{"401", "HTTP 401"}, std::pair{"403", "HTTP 403"}, std::pair{"close", "Transferred a partial file"},
                                         std::pair{"garbage", "want JSON"}, std::pair{"empty", "the list is empty"}));

TEST_F(PodWatchTest, SlowAndLargeAnswersAreAnswers) {
  start();
  ASSERT_TRUE(eventually([&] { return knows(); }));
  mode("slow");
  mode("big");
  EXPECT_TRUE(eventually([&] { return knows("padding-999"); }));
  EXPECT_TRUE(view().up);
}

TEST_F(PodWatchTest, AHangingKubeletDoesNotKeepTheDaemonFromEnding) {
  start();
  ASSERT_TRUE(eventually([&] { return knows(); }));
  mode("hang");
  ASSERT_TRUE(eventually([&] { return kubelet_.get("requests").find("hang") != std::string::npos; }));
  const TimePoint asked_to_end = monotonic_now();
  watch_.reset();
  EXPECT_LT(monotonic_now() - asked_to_end, seconds{9}) << "it waited for the kubelet, whose patience is 10 s";
  EXPECT_TRUE(view().up) << "what was given up is no trouble of the kubelet's";
}

TEST_F(PodWatchTest, TheTokenIsReadAgainForEveryRequest) {
  start();
  ASSERT_TRUE(eventually([&] { return knows(); }));
  kubelet_.put("token", "another\n");
  kubelet_.put("pods.json", pod_list(R"(,{"metadata":{"name":"b","uid":"u2"}})"));
  mode("ok");
  EXPECT_TRUE(eventually([&] { return knows("u2"); })) << "the old one gets no list";
  std::filesystem::remove(kubelet_.dir() + "/token");
  mode("ok");
  EXPECT_TRUE(eventually([&] { return !view().up; }));
  kubelet_.put("token", "third\n");
  EXPECT_TRUE(eventually([&] { return view().up; }));
}

TEST_F(PodWatchTest, AnotherCertificateIsRefusedAndNoTokenSent) {
  const std::string dir = kubelet_.dir();
  ASSERT_EQ(std::system(("cd " + dir + " && openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=node-1 2>>openssl.log").c_str()), 0);
  target_.pin = dir + "/other.pem";
  start();
  ASSERT_TRUE(eventually([&] { return !view().name.empty(); }));
  EXPECT_FALSE(view().up);
  EXPECT_TRUE(kubelet_.get("requests").empty());
  EXPECT_NE(view().trouble.find("SSL"), std::string::npos) << view().trouble;
}

TEST_F(PodWatchTest, WithoutAuthorityItIsRefusedToo) {
  target_.pin.clear();
  start();
  ASSERT_TRUE(eventually([&] { return !view().name.empty(); }));
  EXPECT_FALSE(view().up);
  EXPECT_TRUE(kubelet_.get("requests").empty());
}

TEST_F(PodWatchTest, WhatChangedIsToldOnceAndNothingElse) {
  start();
  ASSERT_TRUE(eventually([&] { return knows(); }));
  EXPECT_TRUE(board_.take().changed.empty());
  mode("ok");   // the same list again
  ASSERT_TRUE(eventually([&] { return kubelet_.get("requests").find("\n") != kubelet_.get("requests").rfind("\n"); }));
  EXPECT_TRUE(board_.take().changed.empty());
  kubelet_.put("pods.json", R"({"items":[{"metadata":{"name":"b","uid":"u2"}}]})");
  mode("ok");
  NameUpdate update;
  ASSERT_TRUE(eventually([&] { return !(update = board_.take()).changed.empty(); }));
  EXPECT_EQ(update.changed, (std::unordered_set<std::string>{kUid, "u2"}));
}

}  // namespace
}  // namespace headroom
