#include "control/server/background/history_note.hpp"

#include <gtest/gtest.h>

#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::control::server {
namespace {

TEST(HistoryNote, IsReadBackByTheNextServer) {
  const io::TestDirectory folder;
  const auto file = folder / "history.json";
  EXPECT_EQ(HistoryNote(file).config_version(), 0U);
  HistoryNote note(file);
  ASSERT_TRUE(note.write(7));
  EXPECT_EQ(note.config_version(), 7U);
  EXPECT_EQ(HistoryNote(file).config_version(), 7U);
}

TEST(HistoryNote, ThatCannotBeReadKnowsNothing) {
  const io::TestDirectory folder;
  const auto file = folder / "history.json";
  for (const char* text : {"", "{", "[7]", R"({"config_version":-1})"}) {
    ASSERT_TRUE(io::write_file_atomic(file, text));
    EXPECT_EQ(HistoryNote(file).config_version(), 0U) << text;
  }
}

TEST(HistoryNote, ThatCannotBeWrittenSaysSoAndKeepsWhatItNoted) {
  const io::TestDirectory folder;
  HistoryNote note(folder / "missing/history.json");
  EXPECT_FALSE(note.write(7));
  EXPECT_EQ(note.config_version(), 0U);
}

}  // namespace
}  // namespace rap::control::server
