// What `run --json` keeps, and how strictly it is read again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "lab/paths.hpp"
#include "tests/lab/report_fixture.hpp"

namespace headroom::lab {
namespace {

const std::string kGolden = std::string(HEADROOM_SOURCE_DIR) + "/tests/golden/lab/";

std::string fault(const std::string& text) {
  const auto got = parse_record(text, "x.json");
  return got ? "" : got.error().where + ": " + got.error().detail;
}

/// The steady fixture's text with one piece replaced.
std::string with(const std::string& piece, const std::string& by) {
  static const std::string text = to_json(fixture::steady());
  const auto at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return std::string(text).replace(at, piece.size(), by);
}

/// HEADROOM_UPDATE_GOLDEN=1 writes the files anew: they come from this builder and from nowhere else.
void expect_golden(const std::string& name, const Record& record) {
  const auto text = to_json(record);
  if (std::getenv("HEADROOM_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_text(kGolden + name, text));
  }
  const auto kept = read_text(kGolden + name);
  ASSERT_TRUE(kept) << kGolden + name;
  EXPECT_TRUE(*kept == text) << name << " is not what the builder makes; HEADROOM_UPDATE_GOLDEN=1 writes it anew";
}

TEST(RecordFile, GoldenOnesAreWhatTheBuilderMakes) {
  expect_golden("fixture-steady.json", fixture::steady());
  expect_golden("fixture-starts.json", fixture::starts());
  expect_golden("fixture-simulated.json", fixture::simulated());
}

TEST(RecordFile, IsReadAsItWasWritten) {
  for (const auto& record : {fixture::steady(), fixture::starts(), fixture::simulated()}) {
    const auto text = to_json(record);
    const auto got = parse_record(text, "x.json");
    ASSERT_TRUE(got) << got.error().where << ": " << got.error().detail;
    EXPECT_TRUE(to_json(*got) == text) << record.scenario;
    EXPECT_EQ(got->curves, record.curves);
    EXPECT_EQ(got->timelines, record.timelines);
    EXPECT_EQ(got->origin, record.origin);
  }
}

TEST(RecordFile, OfVersionOneHasNoCurvesAndIsReadAllTheSame) {
  const std::string old = R"({"scenario":"old","machine":"2 CPUs","arms":[],"runs":[{"run":1,"twin_ratios":{"b_p95":1.01},"fate":"counts"}],
    "raw":[],"verdicts":[],"findings":[],"series":[],"notes":[]})";
  const auto got = parse_record(old, "old.json");
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->scenario, "old");
  EXPECT_TRUE(got->curves.empty());
  EXPECT_EQ(got->origin, Origin::measured);
}

TEST(RecordFile, FaultsNameTheFileThePlaceAndWhatWasThere) {
  EXPECT_EQ(fault(with("\"version\": 2", "\"version\": 7")), "x.json: version: want 1..2 (a newer headroom-lab wrote this), got 7");
  EXPECT_EQ(fault(with("\"daemon_cpu\":0.0,", "\"daemon_cpu\":null,")), "x.json: arms[0].daemon_cpu: want a number, got null");
  EXPECT_EQ(fault(with("\"daemon_cpu\":0.0,", "\"daemon_cpu\":-0.5,")), "x.json: arms[0].daemon_cpu: want a number of at least 0, got -0.5");
  EXPECT_EQ(fault(with("\"daemon_cpu\":0.0,", "")), "x.json: arms[0]: want the key daemon_cpu");
  EXPECT_EQ(fault(with("\"fate\":\"void\"", "\"fate\":\"fine\"")), "x.json: runs[0].fate: want counts, void or smoke, got \"fine\"");
  EXPECT_EQ(fault(with("\"count\":32000,", "\"count\":true,")), "x.json: arms[0].burstable.count: want a whole number from 0, got true");
  EXPECT_EQ(fault(with("\"simulated\": false", "\"simulated\": 0")), "x.json: simulated: want true or false, got 0");
}

TEST(RecordFile, UnknownAndDoubledKeysAreFaults) {
  EXPECT_EQ(fault(with("\"daemon_cpu\":", "\"deamon_cpu\":")).substr(0, 41), "x.json: arms[0].deamon_cpu: unknown key, ");
  EXPECT_EQ(fault(with("\"simulated\": false", "\"simulated\": false, \"simulated\": true")), "x.json: has the key simulated twice");
}

TEST(RecordFile, WhatIsNotJsonIsAFault) {
  for (const char* text : {"", "{", "[1e999]", "{\"a\":NaN}", "\xff"}) {
    EXPECT_EQ(fault(text).substr(0, 20), "x.json: is not JSON:") << text;
  }
  EXPECT_EQ(fault("[]"), "x.json: want an object, got []");
}

TEST(RecordFile, CurvesAndTimelinesHaveToRiseAndToBelongToAnArm) {
  EXPECT_NE(fault(with("[[0.001,", "[[0.9,")).find("curves[0].share_ms[1]: quantiles have to rise"), std::string::npos);
  EXPECT_NE(fault(with("[[0.001,", "[[0.0,")).find("curves[0].share_ms[0]: quantiles have to rise"), std::string::npos);
  EXPECT_EQ(fault(with("\"t_s\":[0.04,0.08", "\"t_s\":[0.08,0.08")), "x.json: timelines[0].t_s: time has to rise");
  EXPECT_EQ(fault(with("\"t_s\":[0.04,0.08", "\"t_s\":[0.08")), "x.json: timelines[0]: its lists differ in length");
  EXPECT_EQ(fault(with("{\"arm\":\"static\",\"base_cores\"", "{\"arm\":\"nobody\",\"base_cores\"")), "x.json: timelines[0].arm: no such arm: nobody");
}

TEST(Curves, NeverFallAndHoldTheTail) {
  const auto curve = latency_curve("a", Who::step, fixture::requests(3, 5'000, 1, 1));
  EXPECT_GE(curve.points.size(), 200u);
  EXPECT_TRUE(std::is_sorted(curve.points.begin(), curve.points.end(), [](const auto& a, const auto& b) { return a.first < b.first; }));
  EXPECT_TRUE(std::is_sorted(curve.points.begin(), curve.points.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
  const auto shares = curve_shares();
  for (const int share : {1, 500, 950, 990, 999, 1000}) EXPECT_EQ(std::count(shares.begin(), shares.end(), share), 1) << share;
}

TEST(Curves, AgreeWithTheTable) {
  const auto sample = fixture::requests(4, 3'000, 1, 1);
  const auto curve = latency_curve("a", Who::step, sample);
  const auto table = summarize(sample);
  const auto at = [&](double share) {
    return std::find_if(curve.points.begin(), curve.points.end(), [&](const auto& p) { return p.first >= share - 1e-9; })->second;
  };
  EXPECT_DOUBLE_EQ(at(0.5), table.p50);
  EXPECT_DOUBLE_EQ(at(0.95), table.p95);
  EXPECT_DOUBLE_EQ(at(0.99), table.p99);
  EXPECT_DOUBLE_EQ(curve.points.back().second, table.worst);
}

TEST(Curves, AreOfTheRunThatCounted) {
  const auto record = fixture::steady();
  for (const auto& arm : record.arms) {
    EXPECT_EQ(curve_of(record, arm.arm, Who::burstable)->count, arm.burstable.count) << arm.arm;
    EXPECT_EQ(curve_of(record, arm.arm, Who::step)->count, arm.step.count) << arm.arm;
  }
}

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out{""};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) out.emplace_back();
    else out.back() += c;
  }
  return out;
}

std::vector<std::string> csv_lines(const std::vector<Record>& records) {
  const auto text = to_csv(records);
  std::vector<std::string> out;
  for (std::size_t from = 0, end = 0; (end = text.find("\r\n", from)) != std::string::npos; from = end + 2) out.push_back(text.substr(from, end - from));
  return out;
}

TEST(Csv, HasARowPerArmRotationAndStatisticWithItsUnit) {
  const auto record = fixture::steady();
  const auto lines = csv_lines({record, fixture::simulated()});
  EXPECT_EQ(lines.at(0), "scenario,origin,arm,run,rotation,fate,statistic,value,unit");
  std::set<std::string> keys;
  for (const auto& line : lines) {
    const auto row = cells(line);
    ASSERT_EQ(row.size(), 9u) << line;
    EXPECT_TRUE(keys.insert(row[0] + row[2] + row[3] + "/" + row[4] + row[6]).second) << "twice: " << line;
  }
  EXPECT_EQ(keys.size(), 1 + (record.rotations.size() + 3) * 24);
  EXPECT_EQ(lines.at(1), "fixture-steady,measured,static,1,1,void,step_count,160,1");
  EXPECT_NE(to_csv({fixture::simulated()}).find("\"fixture <simulated> & \"\"quoted\"\"\",simulated,"), std::string::npos);
}

TEST(Csv, HasNoLatencyWhereThereWasNoRequest) {
  Record record;
  record.rotations.resize(1);
  EXPECT_EQ(to_csv({record}).find("_p95"), std::string::npos);
}

TEST(NotJudged, IsAnArmWithTooSmallASample) {
  const auto record = fixture::simulated();
  for (const auto& arm : record.arms) EXPECT_NE(not_judged(record, arm), "") << arm.arm;
  const auto steady = fixture::steady();
  for (const auto& arm : steady.arms) EXPECT_EQ(not_judged(steady, arm), "") << arm.arm;
}

}  // namespace
}  // namespace headroom::lab
