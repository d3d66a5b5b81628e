/** The frame of every page: navigation, search, language and light, the state of the connection. */
import {
  ActionIcon,
  Anchor,
  Group,
  Kbd,
  SegmentedControl,
  Text,
  Tooltip,
  UnstyledButton,
  useMantineColorScheme,
  useComputedColorScheme,
} from "@mantine/core";
import { IconKeyboard, IconLogout, IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { NavLink, Navigate, Outlet, useLocation } from "react-router";

import { useEvents } from "../api/events";
import { Problem } from "../api/client";
import { signOut, useAccount } from "../api/account";
import { queryClient } from "../api/cache";
import { mayDo } from "../api/roles";
import { choose, type Language, useWords } from "../i18n";
import { zoneName } from "../words/format";
import { Guide } from "./Guide";
import { Failed } from "./Notice";
import { ConnectionBanner } from "./ConnectionBanner";
import { useActions, useKeyboard } from "./keys";
import { ProductMark } from "./Mark";
import { nameOf, placesOf } from "./pages";
import { SimulatedTime, useIsSimulated } from "./SimulatedTime";

const Palette = lazy(async () => ({ default: (await import("./Palette")).Palette }));
const NewTicketDialog = lazy(async () => ({ default: (await import("./NewTicketDialog")).NewTicketDialog }));
const KeysHelp = lazy(async () => ({ default: (await import("./KeysHelp")).KeysHelp }));

export function Root() {
  const account = useAccount();
  const location = useLocation();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isNewOpen, setNewOpen] = useState(false);
  const [wish, openPalette] = usePaletteWish();
  useEvents(account.data?.last_change);
  const { t } = useWords();
  const isSimulated = useIsSimulated();
  useActions([
    mayDo(account.data?.role, "dispatcher") && {
      label: t("newTicket.title"),
      keys: ["c"],
      act: () => setNewOpen(true),
    },
  ]);
  const places = useMemo(() => placesOf(account.data?.role), [account.data?.role]);
  useKeyboard(places, () => setHelpOpen(true));
  if (account.error instanceof Problem && account.error.status === 401) {
    return <Navigate to={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`} replace />;
  }
  return (
    <div className="frame">
      <SkipLink />
      <Rail places={places} onHelp={() => setHelpOpen(true)} onSearch={openPalette} who={account.data?.name ?? ""} />
      <div className="stage">
        <ConnectionBanner />
        {isSimulated && mayDo(account.data?.role, "technician") && <Guide />}
        <main id="content" tabIndex={-1} className="page">
          {account.data ? (
            <Outlet />
          ) : (
            account.isError && <Failed error={account.error} again={() => void account.refetch()} />
          )}
        </main>
      </div>
      <Suspense>
        {wish > 0 && <Palette wish={wish} />}
        {isNewOpen && <NewTicketDialog onClose={() => setNewOpen(false)} />}
        {isHelpOpen && <KeysHelp onClose={() => setHelpOpen(false)} />}
      </Suspense>
    </div>
  );
}

function SkipLink() {
  const { t } = useWords();
  return (
    <a className="skip" href="#content">
      {t("skip")}
    </a>
  );
}

/** How often the palette was asked for, by `Ctrl-K` or the search field; it is fetched the first time. */
function usePaletteWish(): [number, () => void] {
  const [wish, setWish] = useState(0);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setWish((before) => before + 1);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
  return [wish, () => setWish(wish + 1)];
}

interface RailProps {
  places: ReturnType<typeof placesOf>;
  onHelp: () => void;
  onSearch: () => void;
  who: string;
}

function Rail({ places, onHelp, onSearch, who }: RailProps) {
  const { t } = useWords();
  return (
    <header className="rail">
      <Anchor component={NavLink} to="/queue" className="brand" aria-label="Fettle" underline="never">
        <ProductMark size={26} />
        <Text component="span" fw={700} fz={16}>
          Fettle
        </Text>
      </Anchor>
      <nav aria-label={t("nav.main")} className="places">
        {places
          .filter((place) => !place.isOffRail || place.isForPhone)
          .map(({ path, icon: Icon, key, isOffRail }) => (
            <Place
              key={path}
              to={path}
              icon={<Icon size={17} />}
              label={t(nameOf(path))}
              keys={`g ${key}`}
              isForPhone={isOffRail}
            />
          ))}
      </nav>
      <UnstyledButton className="search" onClick={onSearch} aria-label={t("nav.search")}>
        <IconSearch size={15} />
        <span>{t("nav.search")}</span>
        <Kbd size="xs">Ctrl K</Kbd>
      </UnstyledButton>
      <Group gap={6} wrap="nowrap" ml="auto" className="rail-end">
        <SimulatedTime />
        <LanguageSwitch />
        <LightSwitch />
        <Tooltip label={`${t("nav.keys")} (?)`}>
          <ActionIcon variant="subtle" color="gray" className="for-keys" onClick={onHelp} aria-label={t("nav.keys")}>
            <IconKeyboard size={18} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t("zone", { zone: zoneName() })}>
          <Text size="sm" c="dimmed" className="who">
            {who}
          </Text>
        </Tooltip>
        <SignOut />
      </Group>
    </header>
  );
}

interface PlaceProps {
  to: string;
  icon: React.ReactNode;
  label: string;
  keys: string;
  isForPhone?: boolean;
}

function Place({ to, icon, label, keys, isForPhone }: PlaceProps) {
  const name = isForPhone ? "place for-phone" : "place";
  return (
    <NavLink to={to} title={keys} className={({ isActive }) => (isActive ? `${name} here` : name)}>
      {icon}
      <span>{label}</span>
    </NavLink>
  );
}

function LanguageSwitch() {
  const { t, language } = useWords();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("language")}
      value={language}
      onChange={(value) => choose(value as Language)}
      data={[
        { value: "en", label: "EN" },
        { value: "zh", label: "中文" },
      ]}
    />
  );
}

function LightSwitch() {
  const { t } = useWords();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={t("theme.toggle")}
      onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
    >
      {scheme === "dark" ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  );
}

function SignOut() {
  const { t } = useWords();
  const leave = async () => {
    await signOut();
    queryClient.clear();
    window.location.assign("/sign-in");
  };
  return (
    <Tooltip label={t("signOut")}>
      <ActionIcon variant="subtle" color="gray" onClick={() => void leave()} aria-label={t("signOut")}>
        <IconLogout size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
