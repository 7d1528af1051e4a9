; The installer for Windows, compiled by Inno Setup 6.3 or later from build_installer.py:
;   ISCC /DVersion=0.1.0 /DNumbers=0.1.0 /DSource=FROZEN /DIcon=ICO /DOutput=FOLDER /DName=FILE setup.iss

[Setup]
AppId={{8C1B4C0E-5E0B-4D0A-9A53-6E3B51B0A7D4}
AppName=P2P Desktop
AppVersion={#Version}
AppPublisher=The makers of P2P Desktop
VersionInfoVersion={#Numbers}
DefaultDirName={autopf}\P2P Desktop
DefaultGroupName=P2P Desktop
DisableProgramGroupPage=yes
; Nobody has to be an administrator to install it for themselves.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0
OutputDir={#Output}
OutputBaseFilename={#Name}
SetupIconFile={#Icon}
UninstallDisplayIcon={app}\p2p-desktop.exe
LicenseFile={#Source}\LICENSE
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
CloseApplications=yes

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; Of an older version, whose files may have other names. What people made is elsewhere.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Source}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{group}\P2P Desktop"; Filename: "{app}\p2p-desktop.exe"
Name: "{autodesktop}\P2P Desktop"; Filename: "{app}\p2p-desktop.exe"; Tasks: desktopicon

[Registry]
; "Open with" for pictures; nothing is taken from the program that opens them now.
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "P2P Desktop"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\shell\open\command"; ValueType: string; ValueData: """{app}\p2p-desktop.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".jpg"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".jpeg"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".png"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".tif"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".tiff"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".webp"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".avif"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".heic"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\p2p-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".bmp"; ValueData: ""

[Run]
Filename: "{app}\p2p-desktop.exe"; Description: "{cm:LaunchProgram,P2P Desktop}"; Flags: nowait postinstall skipifsilent

[Code]
procedure CurUninstallStepChanged(CurUninstallStep: TUninstallStep);
begin
  if (CurUninstallStep = usPostUninstall) and not UninstallSilent then
    MsgBox('P2P Desktop is removed. What you made with it stays: models, runs, settings and the list of what was converted, in ' +
      ExpandConstant('{localappdata}\p2p-desktop') + '.', mbInformation, MB_OK);
end;
