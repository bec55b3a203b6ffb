#include "wire/http/sse.hpp"

#include <gtest/gtest.h>

namespace rap::wire {
namespace {

struct Read {
  std::vector<SseEvent> events;
  bool ok = true;
};

// Feeds the text in pieces of `step` bytes.
Read read(std::string_view text, std::size_t step) {
  SseParser parser;
  Read out;
  for (std::size_t at = 0; at < text.size() && out.ok; at += step) {
    out.ok = parser.feed(text.substr(at, step), out.events);
  }
  return out;
}

std::vector<SseEvent> events(std::string_view text) {
  const Read whole = read(text, text.size() + 1);
  EXPECT_TRUE(whole.ok);
  for (const std::size_t step : {1, 2, 3, 7}) EXPECT_EQ(read(text, step).events, whole.events);
  return whole.events;
}

using Events = std::vector<SseEvent>;

// The examples of the standard.
TEST(Sse, ReadsTheExamplesOfTheStandard) {
  EXPECT_EQ(events("data: YHOO\ndata: +2\ndata: 10\n\n"),
            (Events{{"message", "YHOO\n+2\n10", ""}}));
  EXPECT_EQ(events(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                   "data:  third event\n\n"),
            (Events{{"message", "first event", "1"},
                    {"message", "second event", ""},
                    {"message", " third event", ""}}));
  // An event without data is none; the last one is not complete.
  EXPECT_EQ(events("data\n\ndata\ndata\n\ndata:"),
            (Events{{"message", "", ""}, {"message", "\n", ""}}));
  EXPECT_EQ(events("data:test\n\ndata: test\n\n"),
            (Events{{"message", "test", ""}, {"message", "test", ""}}));
}

TEST(Sse, EndsLinesAtReturnFeedAndBothWhereverTheTextIsCut) {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    std::string text;
    for (const char* line : {"event: a", "data: 1", "", "data: 2", ""})
      text.append(line).append(end);
    EXPECT_EQ(events(text), (Events{{"a", "1", ""}, {"message", "2", ""}}));
  }
}

TEST(Sse, SkipsAByteOrderMarkAtTheStartOnly) {
  EXPECT_EQ(events("\xef\xbb\xbf"
                   "data: 1\n\n"),
            (Events{{"message", "1", ""}}));
  EXPECT_EQ(events("data: 1\n\n\xef\xbb\xbf"
                   "data: 2\n\n"),
            (Events{{"message", "1", ""}}));
  EXPECT_EQ(events("\xef\xbb"
                   "data: 1\n\ndata: 2\n\n"),
            (Events{{"message", "2", ""}}));
}

TEST(Sse, KeepsTheIdForEventsWithoutOneAndIgnoresOneWithANul) {
  EXPECT_EQ(events(std::string("id: 7\ndata: a\n\ndata: b\n\nid: 8\0\ndata: c\n\n", 40)),
            (Events{{"message", "a", "7"}, {"message", "b", "7"}, {"message", "c", "7"}}));
  SseParser parser;
  std::vector<SseEvent> out;
  EXPECT_TRUE(parser.feed("id: 9\n", out));
  EXPECT_EQ(parser.last_id(), "");  // the event has not ended
  EXPECT_TRUE(parser.feed("\n", out));
  EXPECT_EQ(parser.last_id(), "9");
  EXPECT_TRUE(out.empty());
}

TEST(Sse, TakesARetryTimeOfDigitsOnlyAndCountsPings) {
  SseParser parser;
  std::vector<SseEvent> out;
  EXPECT_TRUE(parser.feed("retry: 1500\n: ping\n\n:\nretry: 2s\nretry:\nretry: -1\n", out));
  EXPECT_EQ(parser.retry_ms(), 1500U);
  EXPECT_EQ(parser.comments(), 2U);
}

TEST(Sse, IgnoresFieldsItDoesNotKnow) {
  EXPECT_EQ(events("Data: x\nfoo: y\n data: z\ndata: 1\n\n"), (Events{{"message", "1", ""}}));
}

TEST(Sse, RefusesAnEventOverTheLimitHoweverItIsMadeUp) {
  const std::string most(kMaxSseEventBytes - 6, 'x');
  EXPECT_EQ(events("data: " + most + "\n\n").size(), 1U);
  EXPECT_FALSE(read("data: " + most + "x\n\n", 1000).ok);
  EXPECT_FALSE(read(std::string(kMaxSseEventBytes + 1, ':'), 1000).ok);
  std::string lines;
  while (lines.size() < 8 * kMaxSseEventBytes) lines += "data: 0123456789\n";
  EXPECT_FALSE(read(lines, 1000).ok);
  SseParser parser;
  std::vector<SseEvent> out;
  EXPECT_FALSE(parser.feed(std::string(kMaxSseEventBytes + 1, 'x'), out));
  EXPECT_FALSE(parser.feed("\n\ndata: 1\n\n", out));
  EXPECT_TRUE(out.empty());
}

TEST(Sse, ReadsBackWhatItWrites) {
  for (const SseEvent& event :
       {SseEvent{"config", "{\"version\":3}", "12"}, SseEvent{"message", "", ""},
        SseEvent{"message", " a\n\nb: c\n", "x"}, SseEvent{"a b", ": no comment", ""}}) {
    const auto text = format_sse(event);
    ASSERT_TRUE(text);
    EXPECT_EQ(events(*text), Events{event});
  }
  EXPECT_EQ(events(*format_sse({"message", "a\r\nb\rc", ""})),
            (Events{{"message", "a\nb\nc", ""}}));
  EXPECT_EQ(events(std::string(kSsePing)), Events{});
}

TEST(Sse, ReadsAndWritesLongLinesWhereverTheyEnd) {
  for (std::size_t length = 500; length < 530; ++length) {
    const std::string line(length, 'x');
    for (const char* end : {"\n", "\r", "\r\n"}) {
      const SseEvent written{"message", line + end + line + end + "y", ""};
      const auto text = format_sse(written);
      ASSERT_TRUE(text);
      EXPECT_EQ(events(*text), (Events{{"message", line + "\n" + line + "\ny", ""}})) << length;
      EXPECT_EQ(events("data: " + line + end + end), (Events{{"message", line, ""}})) << length;
    }
  }
}

TEST(Sse, WritesNothingThatWouldBeReadAsSomethingElse) {
  EXPECT_FALSE(format_sse({"a\ndata: b", "", ""}));
  EXPECT_FALSE(format_sse({"", "", "1\r"}));
  EXPECT_FALSE(format_sse({"", "", std::string("1\0", 2)}));
}

}  // namespace
}  // namespace rap::wire
