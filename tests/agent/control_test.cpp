// The servers through their own doors: a socket on disk, a port on the loopback, a loop played by the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "agent/clock.hpp"
#include "agent/routes.hpp"
#include "agent/state_json.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;

std::shared_ptr<Report> small_report() {
  auto r = std::make_shared<Report>();
  r->mode = "observe";
  r->policy = "static";
  for (const char* path : {"kubepods/pod1", "kubepods/pod1/aaaaaa111111", "kubepods/pod1/aaaaaa222222", "work/step"}) {
    GroupReport g;
    g.path = path;
    g.kind = std::string(path).find("111") != std::string::npos || std::string(path).find("222") != std::string::npos
                 ? "container" : std::string(path) == "kubepods/pod1" ? "pod" : "other";
    if (g.kind == "container") g.container_id = std::string(path).substr(14);
    if (g.kind != "other") g.pod_uid = "uid-1";
    g.id = r->groups.size() + 1;
    g.slot = static_cast<Slot>(r->groups.size());
    g.verdict = "nobody asked";
    r->groups.push_back(g);
  }
  r->groups[2].ns = "ns";
  r->groups[2].pod = "pod";
  r->groups[2].container = "main";
  return r;
}

/// Answers commands as the loop does.
class Player {
 public:
  explicit Player(Board& board) : board_(board), thread_([this] { play(); }) {}
  ~Player() {
    stop_ = true;
    thread_.join();
  }

 private:
  void play() {
    while (!stop_) {
      for (const Command c : board_.take()) {
        if (c == Command::publish) board_.publish(small_report());
        else board_.answer(c, "{\"message\":\"done\"}");
      }
      std::this_thread::sleep_for(milliseconds{1});
    }
  }
  Board& board_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class Control : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(dir_), nullptr); }
  void TearDown() override {
    unlink(socket().c_str());
    rmdir(dir_);
  }
  std::string socket() const { return std::string(dir_) + "/control.sock"; }
  HttpAnswer get(const std::string& path) { return ask_unix(socket(), HttpMethod::get, path).value_or(HttpAnswer{}); }

  char dir_[32] = "/tmp/headroom-test-XXXXXX";
  Board board_;
};

TEST_F(Control, TheSocketIsForItsOwnUserOnlyAndGoesWithTheServer) {
  {
    const auto server = HttpServer::on_unix(socket(), control_routes(board_));
    ASSERT_TRUE(server);
    struct stat s{};
    ASSERT_EQ(stat(socket().c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777U, 0600U);
  }
  EXPECT_NE(access(socket().c_str(), F_OK), 0);
}

TEST_F(Control, ASecondServerDoesNotTakeTheSocketButALeftOneIsReplaced) {
  auto first = HttpServer::on_unix(socket(), control_routes(board_));
  ASSERT_TRUE(first);
  EXPECT_FALSE(HttpServer::on_unix(socket(), control_routes(board_)));
  const std::string left = std::string(dir_) + "/left.sock";
  ASSERT_EQ(rename(socket().c_str(), left.c_str()), 0);
  { const auto gone = std::move(first); }
  EXPECT_TRUE(HttpServer::on_unix(left, control_routes(board_)));
}

TEST_F(Control, AFileThatIsNoSocketIsNeverRemoved) {
  std::ofstream(socket()) << "mine";
  EXPECT_FALSE(HttpServer::on_unix(socket(), control_routes(board_)));
  EXPECT_EQ(access(socket().c_str(), F_OK), 0);
}

TEST_F(Control, AnotherUserIsRefusedEvenWhereTheModeOfTheSocketLetsHimIn) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  const Player player(board_);
  const auto server = HttpServer::on_unix(socket(), control_routes(board_));
  ASSERT_TRUE(server);
  chmod(dir_, 0755);
  chmod(socket().c_str(), 0666);
  // The system call itself changes one thread, where the C library's changes all. A fork of a process with threads
  // may hold a lock of the sanitizer's allocator for ever.
  std::thread([this] {
    ASSERT_EQ(syscall(SYS_setresuid, 65534, 65534, 65534), 0);
    const auto answer = ask_unix(socket(), HttpMethod::post, "/v1/pause");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 403);
    EXPECT_THAT(answer->body, HasSubstr("uid 65534"));
  }).join();
  EXPECT_EQ(get("/v1/status").status, 200);   // and who may is answered still
}

TEST_F(Control, ABodyLongerThanAnyBufferAndManyAnswersInARowComeWhole) {
  const std::string body(300'000, 'x');
  const auto server = HttpServer::on_unix(socket(), {{HttpMethod::get, "/long", [&](const HttpParams&) { return HttpReply{200, body}; }}});
  ASSERT_TRUE(server);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get("/long").body, body);
}

TEST_F(Control, StatusAndCommandsAreAnsweredByTheLoop) {
  const Player player(board_);
  const auto server = HttpServer::on_unix(socket(), control_routes(board_));
  ASSERT_TRUE(server);
  EXPECT_EQ(get("/v1/status").status, 200);
  EXPECT_THAT(get("/v1/status").body, HasSubstr("\"policy\":\"static\""));
  const auto paused = ask_unix(socket(), HttpMethod::post, "/v1/pause");
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->body, "{\"message\":\"done\"}");
  EXPECT_NE(get("/v1/pause").status, 200);   // a GET changes nothing
}

TEST_F(Control, ExplainSaysWhichGroupsItCouldHaveMeant) {
  const Player player(board_);
  const auto server = HttpServer::on_unix(socket(), control_routes(board_));
  ASSERT_TRUE(server);
  EXPECT_THAT(get("/v1/explain?group=work/step").body, HasSubstr("nobody asked"));
  EXPECT_EQ(get("/v1/explain?group=aaaaaa").status, 409);
  EXPECT_EQ(get("/v1/explain?group=nothing").status, 404);
  EXPECT_EQ(get("/v1/explain").status, 400);
}

TEST_F(Control, WithoutALoopNothingHangsForEver) {
  const auto server = HttpServer::on_unix(socket(), control_routes(board_));
  ASSERT_TRUE(server);
  EXPECT_EQ(get("/v1/status").status, 503);
}

TEST_F(Control, HealthFollowsTheLoopAndReadinessTheFirstScan) {
  const auto routes = metrics_routes(board_, [] { return AgentView{}; });
  EXPECT_EQ(routes[1].handle({}).status, 503);
  EXPECT_EQ(routes[2].handle({}).status, 503);
  board_.ticked(monotonic_now());
  board_.publish(small_report());
  EXPECT_EQ(routes[1].handle({}).status, 200);
  EXPECT_EQ(routes[2].handle({}).status, 200);
  board_.ticked(monotonic_now() - seconds{6});
  EXPECT_EQ(routes[1].handle({}).status, 503);
}

TEST_F(Control, AbsentAndDeniedAreToldApart) {
  EXPECT_EQ(ask_unix(socket(), HttpMethod::get, "/").error().code, Errc::absent);
}

TEST(Listen, APortInUseIsAnErrorAndNotShared) {
  const auto first = HttpServer::on_tcp("127.0.0.1:0", {});
  ASSERT_TRUE(first);
  EXPECT_FALSE(HttpServer::on_tcp("127.0.0.1:" + std::to_string(first->port()), {}));
}

TEST(Listen, AnAddressWithoutAPortIsMalformed) {
  for (const char* bad : {"", "localhost", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:70000", "1.2.3.4:80x"})
    EXPECT_EQ(HttpServer::on_tcp(bad, {}).error().code, Errc::malformed) << bad;
}

TEST(FindGroup, ByPathIdUidAndName) {
  const auto r = small_report();
  const auto paths = [&](std::string_view query) {
    std::vector<std::string> out;
    for (const auto* g : find_groups(*r, query)) out.push_back(g->path);
    return out;
  };
  using testing::ElementsAre;
  using testing::IsEmpty;
  EXPECT_THAT(paths("work/step"), ElementsAre("work/step"));
  EXPECT_THAT(paths("/work/step/"), ElementsAre("work/step"));
  EXPECT_THAT(paths("/sys/fs/cgroup/cpu/work/step"), ElementsAre("work/step"));
  EXPECT_THAT(paths("aaaaaa1"), ElementsAre("kubepods/pod1/aaaaaa111111"));
  EXPECT_THAT(paths("uid-1"), ElementsAre("kubepods/pod1"));
  EXPECT_THAT(paths("ns/pod/main"), ElementsAre("kubepods/pod1/aaaaaa222222"));
  EXPECT_THAT(paths("main"), ElementsAre("kubepods/pod1/aaaaaa222222"));
  EXPECT_THAT(paths("step"), ElementsAre("work/step"));
  EXPECT_THAT(paths("aaa"), IsEmpty());   // too short for an ID
  EXPECT_THAT(paths(""), IsEmpty());
}

}  // namespace
}  // namespace headroom
