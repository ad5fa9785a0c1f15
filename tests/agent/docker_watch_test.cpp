// Docker's containers, as they come, are renamed and go, and over the end of the stream.
#include "agent/sources/docker_watch.hpp"

#include <fmt/format.h>

#include "tests/agent/stand_in.hpp"

namespace headroom {
namespace {

std::string id_of(char c) { return std::string(64, c); }

std::string listed(std::initializer_list<std::pair<char, const char*>> containers) {
  std::string out;
  for (const auto& [c, name] : containers)
    out += fmt::format(R"({}{{"Id":"{}","Names":["/{}"],"Image":"i"}})", out.empty() ? "" : ",", id_of(c), name);
  return "[" + out + "]";
}

class DockerWatchTest : public testing::Test {
 protected:
  DockerWatchTest()
      : docker_("stand_in_docker.py", [](const std::string& dir) {
          StandIn::put(dir, "containers.json", listed({{'a', "one"}}));
          StandIn::put(dir, "events", "");
        }), log_(LogLevel::error, LogFormat::text) {
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(docker_.dir() + "/docker.sock"); }));
    HttpTarget target;
    target.url = "http://docker";
    target.socket = docker_.dir() + "/docker.sock";
    auto asks = HttpClient::create(target), follows = HttpClient::create(target);
    EXPECT_TRUE(asks && follows);
    watch_ = std::make_unique<DockerWatch>(std::move(*asks), std::move(*follows), board_, log_);
    EXPECT_TRUE(eventually([&] { return follows_events(); }));
  }
  bool follows_events() const { return std::filesystem::exists(docker_.dir() + "/following"); }
  void happens(const std::string& action, char c) {
    std::ofstream(docker_.dir() + "/events", std::ios::app)
        << fmt::format("{{\"Type\":\"container\",\"Action\":\"{}\",\"Actor\":{{\"ID\":\"{}\"}},\"timeNano\":{}}}\n", action, id_of(c), ++time_) << std::flush;
  }
  std::string name(char c) {
    const NameUpdate update = board_.take();
    if (update.world.docker) world_ = update.world;
    const auto* found = world_.docker ? world_.docker->find(id_of(c)) : nullptr;
    return found == nullptr ? "" : found->name;
  }

  StandIn docker_;
  Log log_;
  NameBoard board_;
  KnownWorld world_;
  std::unique_ptr<DockerWatch> watch_;
  std::int64_t time_ = 1;
};

TEST_F(DockerWatchTest, WhatIsThereIsNamedAtOnce) { EXPECT_TRUE(eventually([&] { return name('a') == "one"; })); }

TEST_F(DockerWatchTest, WhatComesIsRenamedAndGoesIsFollowed) {
  docker_.put("containers.json", listed({{'a', "one"}, {'b', "two"}}));
  happens("start", 'b');
  EXPECT_TRUE(eventually([&] { return name('b') == "two"; }));
  docker_.put("containers.json", listed({{'a', "one"}, {'b', "three"}}));
  happens("rename", 'b');
  EXPECT_TRUE(eventually([&] { return name('b') == "three"; }));
  happens("die", 'b');
  EXPECT_TRUE(eventually([&] { return name('b').empty(); }));
  EXPECT_EQ(name('a'), "one");
}

TEST_F(DockerWatchTest, AfterTheStreamsEndItIsListedAgain) {
  docker_.put("containers.json", listed({{'c', "later"}}));
  std::ofstream(docker_.dir() + "/events", std::ios::app) << "cut\n" << std::flush;
  EXPECT_TRUE(eventually([&] { return name('c') == "later"; }));
  EXPECT_TRUE(name('a').empty());
  EXPECT_TRUE(eventually([&] { return follows_events(); }));
  EXPECT_EQ(board_.sources().front().reconnects, 1U);
}

TEST_F(DockerWatchTest, LinesThatAreNoEventsAreNothing) {
  std::ofstream(docker_.dir() + "/events", std::ios::app) << "garbage\n{}\n" << std::flush;
  docker_.put("containers.json", listed({{'a', "one"}, {'d', "four"}}));
  happens("start", 'd');
  EXPECT_TRUE(eventually([&] { return name('d') == "four"; }));
}

}  // namespace
}  // namespace headroom
