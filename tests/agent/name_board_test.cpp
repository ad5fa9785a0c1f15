// Where sources meet the loop: what is news, and how each source does.
#include "agent/sources/name_board.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace headroom {
namespace {

using Uids = std::unordered_set<std::string>;

Pod pod(const std::string& uid, const std::string& name) {
  Pod out;
  out.uid = uid;
  out.name = name;
  out.ns = "flows";
  return out;
}
std::shared_ptr<const PodTable> table(std::vector<Pod> pods) { return std::make_shared<const PodTable>(std::move(pods)); }

bool readable(const NameBoard& board) {
  pollfd fd{board.fd(), POLLIN, 0};
  return poll(&fd, 1, 0) == 1;
}

TEST(NameBoard, WhoIsNewOtherOrGoneIsNewsOnce) {
  NameBoard board;
  EXPECT_EQ(board.publish(table({pod("a", "one"), pod("b", "two")})), (Uids{"a", "b"}));
  EXPECT_TRUE(readable(board));
  EXPECT_EQ(board.take().changed, (Uids{"a", "b"}));
  EXPECT_FALSE(readable(board));
  EXPECT_EQ(board.publish(table({pod("b", "two"), pod("a", "one")})), Uids{}) << "kubelet's order changes from call to call";
  EXPECT_FALSE(readable(board));
  EXPECT_EQ(board.publish(table({pod("a", "renamed"), pod("c", "three")})), (Uids{"a", "b", "c"}));
  EXPECT_EQ(board.take().changed, (Uids{"a", "b", "c"}));
}

TEST(NameBoard, NewsThatNobodyTookComesTogether) {
  NameBoard board;
  board.publish(table({pod("a", "one")}));
  board.publish(table({pod("b", "two")}));
  board.publish(std::make_shared<const DockerTable>(), {"d"});
  const NameUpdate update = board.take();
  EXPECT_EQ(update.changed, (Uids{"a", "b", "d"}));
  EXPECT_NE(update.world.pods->find("b", {}).pod, nullptr);
  EXPECT_EQ(update.world.pods->find("a", {}).pod, nullptr) << "as last told";
}

TEST(NameBoard, ASourceIsUpDownAndBackAgain) {
  NameBoard board;
  EXPECT_TRUE(board.failed("kubelet", "no route"));
  EXPECT_FALSE(board.failed("kubelet", "no route")) << "the same again is no news";
  EXPECT_TRUE(board.failed("kubelet", "HTTP 403"));
  EXPECT_FALSE(board.sources().at(0).seen);
  board.answered("kubelet");
  EXPECT_EQ(board.sources().at(0).reconnects, 0U) << "it had never been there";
  board.failed("kubelet", "gone");
  EXPECT_TRUE(board.sources().at(0).seen && !board.sources().at(0).up);
  board.answered("kubelet");
  EXPECT_EQ(board.sources().at(0).reconnects, 1U);
  EXPECT_TRUE(board.sources().at(0).up && board.sources().at(0).trouble.empty());
  board.forget("kubelet");
  EXPECT_TRUE(board.sources().empty());
}

}  // namespace
}  // namespace headroom
